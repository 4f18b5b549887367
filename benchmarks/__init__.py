"""How fast casework answers, beside what Flask and one durable INSERT cost on the same server."""
