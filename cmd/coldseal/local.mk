# cmd/coldseal
