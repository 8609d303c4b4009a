select recipe from core.recipes where stage = 'screen'
