"""What tests share: samples, steps, servers, copies of states."""
