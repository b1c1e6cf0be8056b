"""What a page says where no place would almost reach a zone never contradicts its figures."""

from hypothesis import given
from hypothesis import strategies as st

from geoapp.coverage.model import Question
from geoapp.coverage.sentences import nothing_farther
from geoapp.coverage.territories.zone_tables.elsewhere import _none_lacks
from geoapp.offer.filters import Filtres
from geoapp.offer.perimeter import CONNUE, INCONNUE, PARTIELLE

FIGURES = st.one_of(st.just(0.0), st.just(float("nan")), st.floats(0.4, 1e6))


@given(st.sampled_from((CONNUE, PARTIELLE, INCONNUE)), FIGURES)
def test_all_are_said_to_be_covered_only_when_nobody_is_left(perimetre, left):
    told = nothing_farther({"perimetre": perimetre, "population_non_couverte": left}, Question())
    assert ("Chaque habitant" in told) == (perimetre != INCONNUE and left == 0)
    assert ("plus loin" in told) == (perimetre != INCONNUE and left > 0)
    assert ("dans nos sources" in told) == (perimetre == PARTIELLE and left > 0)
    assert "à portée" not in told


def test_domains_that_were_not_asked_are_not_said_to_be_there():
    def told(*domaines):
        return _none_lacks(Question(filtres=Filtres({"domaine": domaines} if domaines else {})))

    assert told() == "Aucun domaine ne manque."
    assert told("sante").startswith("Le domaine demandé") and "pas été demandés" in told("sante")
    assert told("sante", "social").startswith("Aucun des domaines demandés n'y manque ;")
