"""The policy of docs/reviews.md is one that loads."""

from __future__ import annotations

from pathlib import Path

from flows import project as projects

DOCS = Path(__file__).parent.parent / "docs" / "reviews.md"
REST = """
rollouts:
  - {name: bot, owner: {name: Ada, contact: ada@example.org}, stages: [pilot]}
gates:
  - {name: harm, rollout: bot, metric: harm_by_people, at_most: 0.05, alpha: 0.05, beta: 0.05, max_age: 7d}
"""


def test_the_policy_of_the_page_loads(tmp_path: Path) -> None:
    text = DOCS.read_text(encoding="utf-8").split("```yaml\n")[1].split("```")[0]
    (tmp_path / "gatehold.yaml").write_text(text + REST, encoding="utf-8")
    policy = projects.load(tmp_path / "gatehold.yaml").policy
    review = policy.review("harm")
    # Every chance that the queue can draw with is one that the metric can use.
    assert review.least >= min(policy.metric("harm_by_people").least_chance)
    assert review.labels == ("bad", "good")
