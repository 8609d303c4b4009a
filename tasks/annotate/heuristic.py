"""The annotator `heuristic-1`: the seven criteria guessed from cheap marks of a prompt's text, with no model.

It serves offline runs, tests and estimates. It is not an LLM's judgement: it counts words, signs and length,
ranks prompts roughly, may well be wrong on any single one, and knows English words only.

Measured on 2026-11-24 with `python tests/bench/heuristic_agreement.py` (length alone in brackets):
- Spearman with an LLM's number of labels: 35 English prompts 0.607, 95 % 0.26 to 0.85 (0.544); all 62 prompts
  0.465 (0.476). Kappa 0.15 to 0.51. They were in view while the weights were chosen: expect somewhat less.
- AUC against unselected Arena prompts, on prompts kept back from tuning: those that two models rated 9 of 10
  0.844 (0.838), Arena-Hard v0.1 0.789 (0.722). Every rating at hand is 9, so nothing correlates with them.
- Shares lie within 9 points of the published ones, but for a score of 6 or more: 29 % for 18 %.
"""

import math
import re
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter, mul
from typing import Final

from tasks.annotate.annotation import Annotation
from tasks.annotate.criteria import CRITERIA
from tasks.llm.outcome import Outcome

# Reading on to 3,000 characters changed no measured figure by more than 0.001.
_SCANNED_CHARS: Final = 2_000

# Every pattern begins with a set of characters and repeats nothing without a limit: linear time on any text.
_NUMBER: Final = re.compile(r"[0-9]{1,40}")
_LIST_ITEM: Final = re.compile(r"\n[ \t]{0,12}(?:[-*•]|[0-9]{1,3}[.)]|[a-zA-Z][.)]) ")
_SENTENCE_END: Final = re.compile(r"[.!?;\n](?=\s|$)")
_CODE: Final = re.compile(r"[;{}()<>=_`:](?:[=>`)/{};:]|(?<=_)[a-z]|(?<=[;{}]) ?\n|(?<=<)[a-z])")
_MATHS: Final = re.compile(r"[-+*/^=<>\\∑∫√π≤≥∞∂×÷±∈∀∃](?: ?[0-9]|(?<=[=^]) ?[a-z(]|(?<=\\)[a-z])")  # noqa: RUF001
_NOT_LETTERS: Final = str.maketrans(dict.fromkeys([*map(chr, range(65)), *"[\\]^_`{|}~“”‘’–—…"], " "))  # noqa: RUF001
_SUFFIX: Final = re.compile(r"(?:ing|ies|es|ed|s|e|y)$")


@lru_cache(maxsize=65_536)
def _stem(word: str) -> str:
    """A word without its inflection, crudely; short words are left alone."""
    return _SUFFIX.sub("", word) if len(word) > 4 else word


def _vocabulary(words: str) -> frozenset[str]:
    return frozenset(map(_stem, words.split()))


_COMPUTING: Final = _vocabulary("""
    algorithm android angular ansible api app arduino array asp async aws azure backend bash binary boolean
    browser bug bytes cache class cli client cloud cluster code coding compile compiler component config
    console container cpu css csv cuda data database dataframe dataset debug dependency deploy django docker
    dom embedding encryption endpoint excel express firewall flask formula framework frontend function git
    github golang gpu graph gui hash haskell html http https interface ios java javascript jquery json keras
    kernel kotlin kubernetes laravel latex library linux llm loop matlab memory method microservice mongodb
    mysql neural nginx node numpy object opencv pandas parser php pipeline pointer postgresql powershell
    program programming protocol python pytorch query queue react recursion recursive redis regex regression
    repository rest router ruby runtime rust schema scikit script server shell software spring sql stack
    string struct swift syntax tensor tensorflow terminal thread token typescript ubuntu unity unreal url
    variable vba vpn vue websocket windows xml yaml
""")
_MATHEMATICS: Final = _vocabulary("""
    algebra angle average axis bayesian calculus coefficient combinatorics complement convergence convex
    cosine covariance cube decimal denominator derivative determinant deviation differential dimension
    distribution divisible eigenvalue equation estimate expectation exponent exponential factorial finite
    fourier fraction function gaussian geometry gradient graph hypothesis inequality infinite integer integral
    interval inverse lemma linear logarithm logic matrices matrix maximum mean median minimum modulo multiply
    multivariate numerator optimal orthogonal parabola percent percentage perimeter permutation polynomial
    prime probability proof proportional quadratic radius random ratio rational regression sample sequence
    series sigma sine square statistical statistics subset sum tangent theorem triangle trigonometry variable
    variance vector velocity volume
""")
_SCIENCE: Final = _vocabulary("""
    acid aerodynamic alloy amino anatomy antenna antibiotic antibody astronomy atom bacteria battery
    biochemistry biology bond cancer capacitor carbon catalyst cell chemical chemistry circuit clinical
    combustion compound crystal current density diabetes diagnosis diode disease dna dose drug electric
    electrical electron energy engine engineering enzyme equilibrium evolution fluid force frequency friction
    fusion galaxy gene genetic genome gravity hormone hydraulic hydrogen immune insulin ion isotope kinetic
    laser magnetic mass material mechanical medical medication medicine metabolism molecular molecule momentum
    motor muscle nerve neuron neutron nuclear nucleus optical organic oxide oxygen particle pathology patient
    pharmacology photon physics plasma polymer pressure protein psychology quantum radiation reaction receptor
    relativity resistance resistor semiconductor sensor solvent species spectrum stress surgery symptom
    synthesis temperature tensor thermal thermodynamics tissue torque toxicity transistor turbine vaccine
    valve virus vitamin voltage wave
""")
_PROFESSION: Final = _vocabulary("""
    accounting act agile amendment analyst architecture asset audit bank blockchain bond brand budget capital
    cash clause compliance constitution contract copyright corporate court crypto currency curriculum debt
    demand dividend econometrics economic economics economy equity ethics finance financial fiscal forecast
    framework gdp governance government historical history hypothesis inflation insurance interest inventory
    investment investor journal jurisdiction kpi law lawsuit lawyer leadership legal liability linguistics
    literature loan logistics macroeconomic management manufacturing marketing methodology monetary mortgage
    negotiation option patent pedagogy pension philosophy policy political portfolio pricing procurement
    property regulation regulatory research revenue risk roi sector seo shareholder sociology stakeholder
    statute stock strategic strategy supply sustainability tax theory trade trading treaty valuation
""")
_ERROR: Final = _vocabulary(
    "bug crash error exception fail failed failure invalid traceback undefined warning wrong"
)
_SOLVE: Final = _vocabulary("""
    analyse analyze answer apply assess build calculate check choose classify code compare compute configure
    construct convert correct create critique debug decide deduce derive design determine develop diagnose
    estimate evaluate extract figure find fix identify implement improve infer integrate investigate maximise
    maximize minimise minimize model optimise optimize plan predict prove recommend refactor resolve rewrite
    show simplify simulate solve suggest summarise summarize test transform translate troubleshoot verify
""")
_MAKE: Final = _vocabulary("""
    build compose craft create design develop draft generate give implement list make outline prepare produce
    provide rewrite show summarise summarize translate write
""")
_EXPLAIN: Final = _vocabulary(
    "compare describe detail difference discuss elaborate explain how justify reason why"
)
_CREATIVE: Final = _vocabulary("""
    ad adventure blog brainstorm character comedy comic creative dialogue dream essay fantasy fiction
    fictional funny game haiku humor humorous idea imagine innovative invent joke limerick lyric metaphor
    movie narrative novel original parody pitch plot poem poetic poetry prompt protagonist quest rap rhyme
    riddle role roleplay scenario scene screenplay script slogan song sonnet speech stanza story style tagline
    tale theme unique verse villain witty world
""")
_CONSTRAINT: Final = _vocabulary("""
    all allow also always and any assume avoid based both but cannot consider constraint contain criteria each
    ensure every exactly except exclude following given if include instead least less limit max maximum min
    minimum more most must need never not only per require requirement rule same should specific specify than
    then unless use using while with within without
""")
_LOGIC: Final = _vocabulary("""
    after although assume because before between both but consider each either else given hence however if
    impact multiple relationship several since so step suppose than then therefore though trade unless various
    versus when where whereas whether which while
""")
_OUTPUT_FORM: Final = _vocabulary("""
    abstract agenda article bullet chart checklist code column csv diagram document draft email essay example
    excel format function header html json latex letter line list markdown outline paragraph plan presentation
    program query report response row script section sentence sheet slide step story summary syllabus table
    template title tutorial word xml yaml
""")
_PRACTICAL: Final = _vocabulary("""
    app budget business buy car career child children city class client community company computer cook cost
    country course customer design doctor email employee engineer exam experience family file food friend
    health home hotel house industry interview investment job law learn letter machine market meeting money
    office organization parent patient people phone plan price problem product professional project recipe
    report research resume sales school server service shop software startup store strategy student system
    teacher team tool train travel user website work
""")
_CHAT: Final = _vocabulary("bye chatgpt hello hey hi joke love name ok okay thank who yes you your")
_FIELDS: Final = (_COMPUTING, _MATHEMATICS, _SCIENCE, _PROFESSION)
_REQUEST: Final = (_SOLVE, _MAKE, _EXPLAIN, _CREATIVE, _CONSTRAINT, _LOGIC, _OUTPUT_FORM, _PRACTICAL)
_KNOWN: Final[frozenset[str]] = frozenset().union(*_FIELDS, *_REQUEST, _ERROR, _CHAT)


@dataclass(frozen=True, slots=True)
class Features:
    """Marks of a prompt, each from 0 (none) to 1 (as much as counts)."""

    length: float
    sentences: float
    list_items: float
    questions: float
    numbers: float
    code: float
    maths: float
    long_words: float
    error: float
    computing: float
    fields: float
    solve: float
    make: float
    explain: float
    creative: float
    constraint: float
    logic: float
    output_form: float
    practical: float
    chat: float


# What each mark adds to the sum of each criterion, and the sum from which that criterion holds. The weights
# are set by hand; the thresholds bring the shares near those published for an LLM.
# fmt: off
_WEIGHTS: Final[dict[str, tuple[float, ...]]] = {
    #                spec  dom   comp  prob  crea  tech  real
    "length":      ( 1.2,  1.2,  2.0,  1.2,  1.0,  1.0,  2.0),
    "sentences":   (   0,    0,  0.8,    0,    0,    0,    0),
    "list_items":  ( 0.4,    0,    0,    0,    0,    0,    0),
    "questions":   (-0.4,    0,    0, -0.3, -0.3,    0,    0),
    "numbers":     ( 0.5,    0,  0.3,  0.3,    0,  0.3,    0),
    "code":        ( 0.4,  0.6,    0,  0.6, -0.8,  1.0,    0),
    "maths":       (   0,  0.4,    0,  0.4, -0.8,  0.6,    0),
    "long_words":  (   0,  0.6,    0,    0,    0,    0,    0),
    "error":       (   0,    0,    0,  0.5,    0,    0,    0),
    "computing":   (   0,    0,    0,    0, -1.0,  1.2,    0),
    "fields":      (   0,  3.0,  0.8,  1.0,    0,  1.5,  0.6),
    "solve":       ( 0.6,  0.4,  0.6,  1.8,  0.4,  0.6,  0.4),
    "make":        ( 1.4,    0,  0.4,  0.4,  1.0,  0.2,  0.6),
    "explain":     ( 0.4,  0.6,  0.6,  0.4,    0,  0.4,  0.2),
    "creative":    (   0, -0.6,    0, -0.6,  1.8, -1.2,    0),
    "constraint":  ( 1.2,    0,  1.2,  0.8,  0.5,    0,    0),
    "logic":       (   0,    0,  0.6,    0,    0,    0,    0),
    "output_form": ( 0.8,    0,    0,    0,  0.6,    0,    0),
    "practical":   (   0,    0,    0,    0,    0,    0,  0.8),
    "chat":        (-0.5, -0.6,    0,    0, -0.3, -0.5, -0.6),
}
_THRESHOLDS: Final = (1.35, 0.9, 3.1, 2.25, 2, 1.55, 0.85)
# fmt: on
_marks = attrgetter(*_WEIGHTS)
_COLUMNS: Final = tuple(zip(*_WEIGHTS.values(), strict=True))


def annotate(prompt_id: str, text: str) -> Annotation:
    """The criteria that a prompt seems to meet. `raw` names them; a text of white space alone is `empty`."""
    if not text.strip():
        return Annotation(prompt_id, Outcome.EMPTY, None, "")
    marks = _marks(features(text))
    sums = (sum(map(mul, marks, weights)) for weights in _COLUMNS)
    held = tuple(total >= threshold for total, threshold in zip(sums, _THRESHOLDS, strict=True))
    names = ", ".join(criterion for criterion, holds in zip(CRITERIA, held, strict=True) if holds)
    return Annotation(prompt_id, Outcome.OK, held, names)


def features(text: str) -> Features:
    """The marks of a text, read no further than its first 2,000 characters."""
    text = text.strip()[:_SCANNED_CHARS]
    words = set(text.lower().translate(_NOT_LETTERS).split())
    stems = _KNOWN.intersection(map(_stem, words))
    return Features(
        length=min(round(math.log2(1 + len(text)) / 11, 9), 1.0),  # its last bit is the processor's
        sentences=_up_to(6, len(_SENTENCE_END.findall(text))),
        list_items=_up_to(4, len(_LIST_ITEM.findall(text))),
        questions=_up_to(3, text.count("?")),
        numbers=_up_to(4, len(_NUMBER.findall(text))),
        code=_up_to(4, len(_CODE.findall(text))),
        maths=_up_to(3, len(_MATHS.findall(text))),
        long_words=_up_to(6, sum(map((9).__lt__, map(len, words)))),
        error=_up_to(1, len(stems & _ERROR)),
        computing=_up_to(3, len(stems & _COMPUTING)),
        fields=_up_to(4, sum(len(stems & field) for field in _FIELDS)),
        solve=_up_to(2, len(stems & _SOLVE)),
        make=_up_to(2, len(stems & _MAKE)),
        explain=_up_to(2, len(stems & _EXPLAIN)),
        creative=_up_to(2, len(stems & _CREATIVE)),
        constraint=_up_to(6, len(stems & _CONSTRAINT)),
        logic=_up_to(4, len(stems & _LOGIC)),
        output_form=_up_to(3, len(stems & _OUTPUT_FORM)),
        practical=_up_to(3, len(stems & _PRACTICAL)),
        chat=_up_to(2, len(stems & _CHAT)),
    )


def _up_to(cap: int, count: int) -> float:
    return count / cap if count < cap else 1.0
