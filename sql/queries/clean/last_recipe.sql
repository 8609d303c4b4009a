select recipe from core.recipes where stage = 'clean'
