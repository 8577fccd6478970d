from steersman.apimachinery.cel import DYN, Environment


def test_an_expression_is_compiled_once_and_evaluated_with_variables() -> None:
    program = Environment({"object": DYN}).compile("object.spec.replicas <= 5")

    assert program.evaluate({"object": {"spec": {"replicas": 3}}}) is True
    assert program.evaluate({"object": {"spec": {"replicas": 8}}}) is False
