"""A tenant's data outside the database: backups that can be restored, exports that people can read."""
