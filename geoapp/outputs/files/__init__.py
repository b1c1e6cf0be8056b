"""Files of a table, whatever the table, each with its notice.

CSV, XLSX, GeoJSON, GeoPackage, GeoParquet.
"""
