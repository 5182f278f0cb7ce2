"""A column of texts becomes times: one decision per column, with its proof."""
