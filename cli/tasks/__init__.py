"""What the commands do with each image: tasks for the runner, which processes can import."""
