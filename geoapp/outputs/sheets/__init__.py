"""Territory sheets as files: one template, HTML in one file and tagged PDF (WeasyPrint)."""
