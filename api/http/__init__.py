"""The settlement service over HTTP: signed requests in, stored answers out. Decides nothing about money."""
