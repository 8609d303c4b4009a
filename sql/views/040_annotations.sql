create or replace view out.annotations as
select
    prompt_id,
    annotator,
    outcome,
    specificity,
    domain_knowledge,
    complexity,
    problem_solving,
    creativity,
    technical_accuracy,
    real_world,
    score
from core.annotations;

comment on view out.annotations is 'What each annotator said of each prompt.';
comment on column out.annotations.prompt_id is 'The prompt.';
comment on column out.annotations.annotator is 'Who marked it; heuristic-1 is a fixed heuristic, not an LLM.';
comment on column out.annotations.outcome is 'ok, empty, refused, unparsable, truncated or error; only ok has a score.';
comment on column out.annotations.specificity is 'It says which output is wanted.';
comment on column out.annotations.domain_knowledge is 'It takes knowledge of a field.';
comment on column out.annotations.complexity is 'It has several parts that hang together.';
comment on column out.annotations.problem_solving is 'There is something to work out.';
comment on column out.annotations.creativity is 'A good answer takes an original idea.';
comment on column out.annotations.technical_accuracy is 'An answer can be technically wrong.';
comment on column out.annotations.real_world is 'People need it done outside of a test.';
comment on column out.annotations.score is 'How many of the seven hold.';
