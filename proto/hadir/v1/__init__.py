"""Generated protobuf and gRPC code of the Hadir API; `make proto` writes it."""
