"""How dates and times are written, a folder for each language. Dates are entered in one way in all of them."""

ENTERED = ["%Y-%m-%d"]  # what a browser's field for dates sends; 3/4/2026 means two days to two readers
