"""report.html: one page with every figure of an evaluation in it, which opens alone, anywhere."""
