"""Data Docs: the gate's results as static pages under the home, for people to open in a browser.

Great Expectations' own pages load scripts, styles and pictures from six hosts, and its index is empty without
them. The templates in `pages/` hold all they need, so that pages open anywhere and tell nobody.
"""

import shutil
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from great_expectations.core import ExpectationValidationResult
    from great_expectations.data_context.data_context.abstract_data_context import AbstractDataContext
    from great_expectations.render.view.view import DefaultJinjaPageView

# So many results are kept and listed, newest first; all results are in core.checks.
LISTED_RESULTS = 70
_STORE = "results"


def open_context(folder: Path) -> "AbstractDataContext":
    """A Great Expectations context that keeps results and pages in `folder`, and calls nobody."""
    import great_expectations as gx  # noqa: PLC0415  (5-10 s to import)
    from great_expectations.data_context.types.base import DataContextConfig, ProgressBarsConfig  # noqa: PLC0415

    results = {"class_name": "ValidationResultsStore", "store_backend": _files(folder / "results")}
    config = DataContextConfig(
        stores={_STORE: results, "suites": {"class_name": "ExpectationsStore"}},
        validation_results_store_name=_STORE,
        expectations_store_name="suites",
        data_docs_sites={"checks": _site(folder)},
        analytics_enabled=False,
        progress_bars=ProgressBarsConfig(globally=False),
    )
    return gx.get_context(mode="ephemeral", project_config=config)


def add_page(
    folder: Path,
    context: "AbstractDataContext",
    boundary: str,
    run_id: str,
    results: "list[ExpectationValidationResult]",
) -> None:
    """Add one page with the results of a boundary, list it in the index, and remove the oldest.

    Args:
        folder: where the Data Docs are.
        context: from `open_context`, of the same folder.
        boundary: its suite's name, which heads the page.
        run_id: the run that was checked.
        results: of all checks; a page counts as failed if a critical one is.
    """
    import great_expectations as gx  # noqa: PLC0415
    from great_expectations.core import ExpectationSuiteValidationResult, RunIdentifier  # noqa: PLC0415
    from great_expectations.data_context.types.resource_identifiers import (  # noqa: PLC0415
        ExpectationSuiteIdentifier,
        ValidationResultIdentifier,
    )

    run = RunIdentifier(run_name=run_id, run_time=datetime.now(UTC))
    key = ValidationResultIdentifier(ExpectationSuiteIdentifier(boundary), run, "rows")
    passed = sum(bool(result.success) for result in results)
    page = ExpectationSuiteValidationResult(
        success=all(result.success or _severity(result) == "warning" for result in results),
        results=results,
        suite_name=boundary,
        statistics={
            "evaluated_expectations": len(results),
            "successful_expectations": passed,
            "unsuccessful_expectations": len(results) - passed,
            "success_percent": 100 * passed / len(results),
        },
        meta={"run_id": run, "great_expectations_version": gx.__version__},
    )
    context.validation_results_store.store_validation_results(page, key)
    _forget_old(folder)
    context.build_data_docs(resource_identifiers=[key])


def _forget_old(folder: Path) -> None:
    """Remove the results that the index has no room for, and their pages."""
    results = (folder / "results").glob("*/*/*")  # boundary, run, time
    for old in sorted(results, key=lambda path: path.name, reverse=True)[LISTED_RESULTS:]:
        for kind in ("results", "validations"):
            gone = folder / kind / old.relative_to(folder / "results")
            shutil.rmtree(gone, ignore_errors=True)
            with suppress(OSError):  # the run has other results
                gone.parent.rmdir()


class ResultView:
    """How Great Expectations writes a page of results for us; named in the site's configuration."""

    def render(self, document: object, **_: object) -> str:
        """The page of one validation."""
        page: str = _templates().render(document, template="result.html")  # type: ignore[no-untyped-call]
        return page


class IndexRenderer:
    """What Great Expectations hands to the index for us; named in the site's configuration."""

    def render(self, index: dict[str, Any]) -> list[dict[str, Any]]:
        """The links to the pages of results."""
        return list(index.get("validations_links", []))


class IndexView:
    """How Great Expectations writes the index for us; named in the site's configuration."""

    def render(self, links: list[dict[str, Any]], **_: object) -> str:
        """The page that lists all others."""
        return _templates().env.get_template("index.html").render(links=links)


@cache
def _templates() -> "DefaultJinjaPageView":
    from great_expectations.render.view.view import DefaultJinjaPageView  # noqa: PLC0415

    return DefaultJinjaPageView(custom_views_directory=str(Path(__file__).parent / "pages"))


def _severity(result: "ExpectationValidationResult") -> str:
    config = result.expectation_config
    return str(config.severity.value) if config is not None else "critical"


def _files(folder: Path) -> dict[str, Any]:
    return {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(folder)}


def _site(folder: Path) -> dict[str, Any]:
    index = {"class_name": "DefaultSiteIndexBuilder", "validation_results_limit": LISTED_RESULTS}
    return {
        "class_name": "SiteBuilder",
        "store_backend": _files(folder),
        "site_index_builder": index | {"renderer": _ours("IndexRenderer"), "view": _ours("IndexView")},
        "site_section_builders": {
            "validations": {"view": _ours("ResultView")},
            "expectations": "None",
            "profiling": "None",
        },
        "show_how_to_buttons": False,
    }


def _ours(class_name: str) -> dict[str, str]:
    return {"module_name": __name__, "class_name": class_name}
