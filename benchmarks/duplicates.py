"""Measure the de-duplication on the labelled pairs of `tests/dedupe`: precision of what is merged,
recall, by band.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd

from geoapp.core.config import ROOT, load_settings
from geoapp.core.snapshot import Snapshot, open_snapshot
from geoapp.ingest.duplicates import profile_offers
from geoapp.offer.dedupe.pairs import PROFIL, score_pairs
from geoapp.offer.dedupe.rules import SEUIL_FUSION, SEUIL_POSSIBLE
from geoapp.offer.whole import whole_offer

PAIRES = ROOT / "tests" / "dedupe" / "paires.csv"
BANDES = (
    (SEUIL_FUSION, 1.01, "réunies"),
    (SEUIL_POSSIBLE, SEUIL_FUSION, "possibles"),
    (0.0, SEUIL_POSSIBLE, "écartées"),
)


def judge(snapshot: Snapshot, paires: Path = PAIRES) -> pd.DataFrame:
    """Return the labelled pairs with `score` (0: not even possible) and `regle`; a pair whose
    offers are not in the snapshot is left out.
    """
    tables = {nom: snapshot.read(nom) for nom in ("formations", "organismes", "lieux")}
    offers = profile_offers({**tables, "offres": whole_offer(snapshot)})
    names = pd.Series(
        list(zip(offers["id_action"], offers["id_lieu"], strict=True)), index=offers.index
    )
    pairs = score_pairs(offers[list(PROFIL)])
    keys = [
        frozenset(pair)
        for pair in zip(pairs["gauche"].map(names), pairs["droite"].map(names), strict=True)
    ]
    found = dict(zip(keys, zip(pairs["score"], pairs["regle"], strict=True), strict=True))
    labelled = pd.read_csv(paires, dtype="str")
    known = set(names)
    two = [(tuple(row[:2]), tuple(row[2:4])) for row in labelled.itertuples(index=False)]
    labelled = labelled.assign(cle=[frozenset(pair) for pair in two])[
        [set(pair) <= known for pair in two]
    ]
    scores = [found.get(cle, (0.0, "")) for cle in labelled["cle"]]
    return labelled.drop(columns="cle").assign(
        score=[s for s, _ in scores], regle=[r for _, r in scores]
    )


def figures(judged: pd.DataFrame) -> dict[str, float]:
    """Return precision and recall of the merges, and the recall of what is merged or listed as
    possible.
    """
    sure = judged[judged["jugement"].ne("indecise")]
    same = sure["jugement"].eq("identique")
    merged, listed = sure["score"].ge(SEUIL_FUSION), sure["score"].ge(SEUIL_POSSIBLE)
    return {
        "nb_paires": len(sure),
        "nb_reunies": int(merged.sum()),
        "precision": float(same[merged].mean()),
        "rappel": float(merged[same].mean()),
        "rappel_listees": float(listed[same].mean()),
    }


def run(data_dir: Path) -> None:
    """Print the figures, the counts by band and every merge that is wrong."""
    judged = judge(open_snapshot(data_dir))
    found = figures(judged)
    print(
        f"{found['nb_paires']} paires jugées, {found['nb_reunies']} réunies : précision "
        f"{found['precision']:.3f}, rappel {found['rappel']:.3f} "
        f"({found['rappel_listees']:.3f} avec les possibles), sur un échantillon chargé en cas "
        "difficiles."
    )
    for low, high, nom in BANDES:
        part = judged[judged["score"].ge(low) & judged["score"].lt(high)]
        counts = part.groupby(["echantillon", "jugement"]).size()
        print(
            f"- {nom} ({low:g} à {min(high, 1):g}) : "
            + ", ".join(f"{nb} {jugement} ({sample})" for (sample, jugement), nb in counts.items())
        )
    wrong = judged[judged["score"].ge(SEUIL_FUSION) & judged["jugement"].eq("distincte")]
    for row in wrong.itertuples():
        print(
            f"Réunies à tort : {row.id_action} et {row.id_action_autre} ({row.regle}, {row.score})"
        )


def main() -> None:
    """Measure the snapshot served and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--data", type=Path, default=load_settings().data_dir, help="dossier des instantanés"
    )
    run(parser.parse_args().data)


if __name__ == "__main__":
    main()
