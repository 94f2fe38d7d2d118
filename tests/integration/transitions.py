"""What truly happened to each variant, written down by triggers inside the database.

A row of the log is written in the transaction that changed the state, whoever did it and whatever they
believe to have done: what is counted here are effects.
"""

from collections import Counter

from tests.integration.project.runner import Project

_TABLE = "CREATE TABLE transitions (variant_id bigint, old varchar(12), new varchar(12))"
_SQLITE = """
CREATE TRIGGER note_transition AFTER UPDATE OF state ON styletransfer_styledvariant
WHEN OLD.state <> NEW.state
BEGIN INSERT INTO transitions VALUES (NEW.id, OLD.state, NEW.state); END
"""
_POSTGRESQL = """
CREATE FUNCTION note_transition() RETURNS trigger AS $$
BEGIN INSERT INTO transitions VALUES (NEW.id, OLD.state, NEW.state); RETURN NEW; END
$$ LANGUAGE plpgsql;
CREATE TRIGGER note_transition AFTER UPDATE OF state ON styletransfer_styledvariant
FOR EACH ROW WHEN (OLD.state <> NEW.state) EXECUTE FUNCTION note_transition()
"""


def watch(project: Project) -> None:
    """From now on note every change of state."""
    is_postgresql = project.environment.get("PROJECT_DB") == "postgresql"
    for statement in (_TABLE, _POSTGRESQL if is_postgresql else _SQLITE):
        project.sql(statement)


def times_ready(project: Project) -> Counter[int]:
    """How often each variant became ready."""
    return Counter(row[0] for row in project.sql("SELECT variant_id FROM transitions WHERE new = 'ready'"))


def number(project: Project) -> int:
    """How many changes of state were noted."""
    return project.sql("SELECT count(*) FROM transitions")[0][0]
