"""The kiosk: camera, stream, screen. Knows the API alone."""
