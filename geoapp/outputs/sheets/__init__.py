"""Territory sheets as files: one Jinja template, HTML in one file and tagged PDF.  WeasyPrint lives here alone."""
