"""The gRPC edge: proto in, one call on a service, proto out."""
