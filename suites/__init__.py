"""What KeyArc promises over HTTP, as checks. Nothing here knows the code of the services."""
