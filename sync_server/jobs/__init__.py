"""What HQ does by itself, beside answering."""
