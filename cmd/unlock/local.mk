# cmd/unlock
