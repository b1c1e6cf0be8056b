"""Files of a table, whatever the table: CSV, XLSX, GeoJSON, GeoPackage, GeoParquet, each with its notice."""
