"""What leaves the product: files, maps, figures, sheets, feeds."""
