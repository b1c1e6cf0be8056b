"""What is told of a zone of any zoning.

Pure data, one module per block, computed from the world of coverage.
"""
