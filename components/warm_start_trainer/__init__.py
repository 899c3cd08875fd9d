"""WarmStartTrainer: training on the target domain from a pretrained model."""
