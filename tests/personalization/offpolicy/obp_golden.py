"""Write data/obp.json: what obp 0.5.7 says about the logs of ``open_bandit_log``.

Not run by the tests. obp needs old pins, so give it an environment of its own, then run
``python tests/personalization/offpolicy/obp_golden.py`` from the root of the repository:

    pip install "numpy<2" "pandas<2.3" "scikit-learn<1.6" scipy matplotlib seaborn tqdm pyyaml torch mabwiser
    pip install --no-deps --ignore-requires-python obp==0.5.7
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import numpy as np
from obp.dataset import OpenBanditDataset
from obp.ope import (
    DirectMethod,
    DoublyRobust,
    InverseProbabilityWeighting,
    SelfNormalizedDoublyRobust,
    SelfNormalizedInverseProbabilityWeighting,
)

sys.path.insert(0, str(Path(__file__).parent))
import open_bandit_log as logs


def golden(folder: Path, campaign: str) -> dict[str, float]:
    logs.write_log(folder, campaign)
    dataset = OpenBanditDataset("random", campaign, data_path=folder)
    log = dataset.obtain_batch_bandit_feedback()
    items, rows = log["n_actions"], log["n_rounds"]
    positions = int(log["position"].max()) + 1
    policy = np.repeat(np.array([logs.policy(row, items) for row in range(rows)])[:, :, None], positions, 2)
    model = np.repeat(np.array([logs.expected(row, items) for row in range(rows)])[:, :, None], positions, 2)
    logged = {name: log[name] for name in ("reward", "action", "pscore", "position")}
    weighed = {**logged, "action_dist": policy}
    modelled = {**weighed, "estimated_rewards_by_reg_model": model}
    direct = {name: modelled[name] for name in modelled if name not in ("reward", "action", "pscore")}
    estimators = {
        "ipw": InverseProbabilityWeighting().estimate_policy_value(**weighed),
        "snipw": SelfNormalizedInverseProbabilityWeighting().estimate_policy_value(**weighed),
        "dm": DirectMethod().estimate_policy_value(**direct),
        "dr": DoublyRobust().estimate_policy_value(**modelled),
        "sndr": SelfNormalizedDoublyRobust().estimate_policy_value(**modelled),
    }
    return {
        "rows": int(rows),
        "items": int(items),
        "clicks": int(log["reward"].sum()),
        "actions_by_row": int((log["action"] * np.arange(rows)).sum()),
        "positions_by_row": int((log["position"] * np.arange(rows)).sum()),
        **{name: float(value) for name, value in estimators.items()},
    }


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        answers = {campaign: golden(Path(folder), campaign) for campaign in logs.CAMPAIGNS}
    target = Path(__file__).parent / "data" / "obp.json"
    target.write_text(json.dumps({"obp": "0.5.7", "campaigns": answers}, indent=1) + "\n")
