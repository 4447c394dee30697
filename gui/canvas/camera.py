"""Where the window looks: the corner of the layout that is at its corner, and the zoom. No Qt."""

import dataclasses

from .scene import Area

LARGEST = 4.0
SMALLEST = 1e-5


@dataclasses.dataclass(frozen=True, slots=True)
class Camera:
    """``scale`` is pixels for each unit of the layout; ``x`` and ``y`` lie in the window's top left corner."""

    x: float = 0.0
    y: float = 0.0
    scale: float = 1.0

    def to_scene(self, px: float, py: float) -> tuple[float, float]:
        return self.x + px / self.scale, self.y + py / self.scale

    def to_window(self, x: float, y: float) -> tuple[float, float]:
        return (x - self.x) * self.scale, (y - self.y) * self.scale

    def area(self, width: float, height: float) -> Area:
        """Return what a window of this many pixels shows."""
        return Area(self.x, self.y, self.x + width / self.scale, self.y + height / self.scale)

    def zoomed(self, factor: float, px: float, py: float) -> "Camera":
        """Return the camera with another zoom; the point under a pixel stays under it."""
        scale = min(LARGEST, max(SMALLEST, self.scale * factor))
        x, y = self.to_scene(px, py)
        return Camera(x - px / scale, y - py / scale, scale)

    def moved(self, pixels_x: float, pixels_y: float) -> "Camera":
        """Return the camera after the picture was dragged by so many pixels."""
        return Camera(self.x - pixels_x / self.scale, self.y - pixels_y / self.scale, self.scale)

    def centred_on(self, x: float, y: float, width: float, height: float) -> "Camera":
        return Camera(x - width / self.scale / 2, y - height / self.scale / 2, self.scale)


def fitted(area: Area, width: float, height: float, *, largest: float = 1.2, margin: float = 12.0) -> Camera:
    """Return the camera that shows a whole area in the middle of a window of so many pixels."""
    room_x, room_y = max(1.0, width - 2 * margin), max(1.0, height - 2 * margin)
    scale = min(largest, room_x / max(1.0, area.width), room_y / max(1.0, area.height))
    scale = max(SMALLEST, scale)
    middle_x, middle_y = (area.left + area.right) / 2, (area.top + area.bottom) / 2
    return Camera(scale=scale).centred_on(middle_x, middle_y, width, height)


def first_look(area: Area, width: float, height: float) -> Camera:
    """Return the camera for a graph that was just opened: all of it where it can be read, else its top."""
    whole = fitted(area, width, height)
    if whole.scale >= 0.5:
        return whole
    scale = min(1.0, max(0.5, (width - 24.0) / max(1.0, area.width)))
    x = (area.left + area.right) / 2 - width / scale / 2
    return Camera(x, area.top - 12.0 / scale, scale)
