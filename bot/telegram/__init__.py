"""The only place that knows Telegram: intake, outbound, and the line between them."""
