from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


def _create_partitions(**_kwargs: object) -> None:
    from emissions.partitions import ensure_partitions

    ensure_partitions()


class EmissionsConfig(AppConfig):
    name = "emissions"
    verbose_name = _("Emissions")

    def ready(self) -> None:
        # Partitions depend on the date, so no frozen migration can make them; `migrate` alone must be enough.
        post_migrate.connect(_create_partitions, sender=self)
        from emissions.past import measured_co2
        from factories.corrections import reads_figures

        reads_figures(measured_co2)
