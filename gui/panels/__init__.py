"""One file a panel: it shows the session and says what was wished; it knows no other panel."""
