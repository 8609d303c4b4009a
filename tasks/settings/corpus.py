"""From sources to topics."""

from typing import Literal

from pydantic import Field, model_validator

from tasks.settings.base import KEYWORDS, STATIC, StageSettings

Rule = Literal[
    "multi_turn", "image", "toxic", "too_short", "too_long", "language", "personal_data", "near_duplicate"
]


class IngestSettings(StageSettings):
    """How sources are read."""

    batch_rows: int = Field(
        50_000, ge=1, description="Rows held in memory and written at a time, fewer where prompts are long."
    )
    max_record_bytes: int = Field(
        16_000_000, ge=1_000, description="A longer record is rejected as `too_large`, so memory stays flat."
    )


class CleanSettings(StageSettings):
    """Which prompts are worth keeping."""

    rules: tuple[Rule, ...] = Field(
        (
            "multi_turn",
            "image",
            "toxic",
            "too_short",
            "too_long",
            "language",
            "personal_data",
            "near_duplicate",
        ),
        description="The rules that run; the first that a prompt breaks is its reason.",
    )
    min_chars: int = Field(33, ge=1, description="Fewer characters are `too_short`.")
    max_chars: int = Field(16_000, ge=1, description="More characters are `too_long`.")
    languages: tuple[str, ...] = Field(("en",), description="ISO 639-1 codes of the languages kept.")
    near_duplicate_jaccard: float = Field(
        0.7, gt=0, le=1, description="Jaccard similarity of words and word pairs from which two are the same."
    )


class EmbedSettings(StageSettings):
    """How prompts become vectors."""

    model: str = Field(
        STATIC,
        min_length=1,
        description="The embedder: `static` (word vectors on this machine, for English) or an endpoint.",
    )
    shard_rows: int = Field(
        20_000, ge=1, description="Vectors in a Parquet shard; of an endpoint, a shard is a request."
    )

    @model_validator(mode="before")
    @classmethod
    def _read_version_0_1(cls, values: object) -> object:
        """Take `static` for the embedder that was fitted: saved schedules and profiles may still name it."""
        if not isinstance(values, dict):
            return values
        kept = {name: value for name, value in values.items() if name not in {"dimensions", "refit"}}
        return kept | ({"model": STATIC} if kept.get("model") == "tfidf-svd" else {})


class TopicsSettings(StageSettings):
    """How vectors become topics."""

    refit: Literal["always", "on_drift", "never"] = Field(
        "always",
        description="Whether prompts that are new get new topics, or a place among those of the last fit.",
    )
    fit_rows: int = Field(
        30_000, ge=20, description="Prompts that a fit sees: of more, a sample; the others are assigned."
    )
    min_topic_size: int = Field(4, ge=2, description="HDBSCAN's smallest cluster, in the sample.")
    min_samples: int = Field(
        1, ge=1, description="HDBSCAN's density: more means more prompts without a topic."
    )
    pca_dimensions: int = Field(
        256,
        ge=2,
        description="Longer vectors are cut to so many principal components; fewer make worse topics.",
    )
    n_neighbors: int = Field(15, ge=2, description="UMAP's neighbourhood.")
    umap_dimensions: int = Field(5, ge=2, description="Dimensions that HDBSCAN sees.")
    umap_epochs: int = Field(
        0, ge=0, description="Rounds of UMAP's layout; 0: 200 for a fit of up to 10,000 prompts, else 50."
    )
    outliers: Literal["nearest", "c_tf_idf", "leave"] = Field(
        "nearest",
        description="What happens to prompts that HDBSCAN calls noise: they go to the topic nearest by "
        "vector or by words, and are marked, or have none.",
    )
    min_cosine: float = Field(
        0.2, ge=-1, le=1, description="Below this cosine to every topic, a prompt has none."
    )
    domains: int = Field(12, ge=1, description="Domains that the tree of topics is cut into.")
    max_none_growth: float = Field(
        0.2, ge=0, le=1, description="Drift: by how much the share of prompts without a topic may grow."
    )
    max_shift: float = Field(
        0.15, ge=0, le=1, description="Drift: how far the shares of topics may move (total variation)."
    )
    namer: str = Field(
        KEYWORDS,
        min_length=1,
        description="Who names topics: `keywords` (their three best ones) or an endpoint.",
    )
    naming_prompt: str = Field(
        "name-1", min_length=1, description="What a model is told: a shipped prompt, or a file like it."
    )

    def of_the_fit(self) -> dict[str, object]:
        """The settings that make other topics; the rest say when to fit, and who names them."""
        return self.model_dump(exclude={"refit", "max_none_growth", "max_shift", "namer", "naming_prompt"})
