"""Sizes of files in words."""


def size_text(size_bytes: int) -> str:
    """Return a size in the units of file windows (1 MB is a million bytes)."""
    size = float(size_bytes)
    for unit in ("bytes", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "bytes" or size >= 100 else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.2f} GB"
