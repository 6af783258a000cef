"""What a role allows: policies, managed policies, and the actions that SDK calls need."""
