"""What is fitted to a sample of the predictions: temperature, class bias, and the slope of the bias on the prior."""
