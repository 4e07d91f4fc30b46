"""What commands share: options, progress, console output. No command lives here."""
