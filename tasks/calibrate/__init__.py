"""How far annotators agree with labels of the seven criteria."""
