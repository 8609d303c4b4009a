insert or replace into core.recipes (stage, recipe) values ('screen', $recipe)
