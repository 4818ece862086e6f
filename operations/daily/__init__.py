"""What every day does: enforce, digest, deliver, announce."""
