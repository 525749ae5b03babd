"""The results of earlier runs, kept in a folder of the user, so that a known image is not read again."""
