"""The controllers that come with the server, one file each, written on the client library as any user's are."""
