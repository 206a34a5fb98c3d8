"""What happens in a run, in words: the script of its page fills the braces."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.stock.models import Ejecucion

_STATES: dict[str, Promise] = {
    Ejecucion.Estado.EN_COLA: _("En cola"),
    Ejecucion.Estado.EN_CURSO: _("En marcha"),
    Ejecucion.Estado.INTERRUMPIDA: _("En pausa"),
    Ejecucion.Estado.PUBLICADA: _("Publicada"),
    Ejecucion.Estado.CANCELADA: _("Cancelada"),
}
_LINES: dict[str, Promise] = {
    "cola": _("En cola"),
    "aviso": _("{texto}"),
    "empieza": _("Generando {cantidad} vehículos"),
    "sigue": _("Sigue: ya había {hechos} de {cantidad} vehículos"),
    "de_una_vez": _("Datos locales en una sola transacción: se verán al terminar"),
    "cupo": _("Hacen falta unas {necesarias} peticiones; quedan {quedan} hoy"),
    "marca_libre": _("{marca} no está en el catálogo: sus vehículos quedan sin verificar"),
    "pregunta": _("{modelo}: {vehiculos} vehículos pedidos"),
    "respuesta": _("{modelo}: {utiles} de {pedidos} vehículos en {segundos} s"),
    "fallo": _("{modelo}: {mensaje}"),
    "descanso": _("{modelo} descansa: {motivo}"),
    "descartado": _("{modelo} descartado: {motivo}"),
    "cuenta": _("Sin más llamadas a la cuenta {cuenta}: {motivo}"),
    "espera": _("Esperando: {motivo}"),
    "sin_ia": _("Se deja de usar IA: {motivo}"),
    "lote": _("{vehiculos} vehículos más: {total} de {cantidad}"),
    "orden": _("Parando…"),
    "pausa": _("En pausa con {hechos} de {cantidad}: {motivo}"),
    "completa": _("Los {cantidad} vehículos están hechos"),
    "publicada": _("Publicada: {cantidad} vehículos en el stock"),
    "cancelada": _("Cancelada: el stock queda como estaba"),
    # beside the log
    "desde": _("desde hace {segundos} s"),
    "faltan": _("faltan {segundos} s"),
    "quedan": _("{quedan} peticiones hoy"),
    "anuncio": _("{total} de {cantidad} vehículos"),
    "sin_conexion": _("Sin conexión con el servidor: se reintenta sola"),
    "nadie": _("A nadie en este momento"),
    "dibujo": _("Dibujo de un vehículo: {tipo}, color {color}"),
}


def states() -> dict[str, Promise]:
    """What a run's state is called."""
    return _STATES


def lines() -> dict[str, str]:
    """The lines, in the language of the page."""
    return {name: str(text) for name, text in _LINES.items()}
