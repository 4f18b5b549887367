"""How fast casework answers, compared with Flask and one durable INSERT on the same server."""
