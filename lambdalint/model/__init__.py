"""What a check sees: values, deployments with their resources, packages, images and source code."""
