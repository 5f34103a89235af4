"""The township's server: Flask at its edge, `shared` at its heart."""
