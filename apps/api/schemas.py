"""What the API takes and gives, as types: the OpenAPI document is made of them."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import ConfigDict, Field

from flotia.request import MAX_AMOUNT, MAX_LANES, MAX_SEED

#: What a database's signed 32-bit column can hold.
MAX_INT = 2**31 - 1
Perfil = Literal["adaptativo", "especificacion"]
AlAgotar = Literal["local", "pausar"]
Estado = Literal["en_cola", "en_curso", "interrumpida", "publicada", "cancelada"]


class Problema(Schema):
    """Un error, según RFC 9457."""

    type: str = Field(description="De qué clase es; la dirección lo explica", examples=["/api/problemas#no-valido"])
    title: str = Field(examples=["Petición no válida"])
    status: int = Field(examples=[422])
    detail: str = Field(description="Qué ha pasado y qué hacer", examples=["cantidad: Debe ser 1 o más."])
    instance: str = Field(description="La dirección que se pidió", examples=["/api/v1/ejecuciones"])


class Falta(Schema):
    """Qué dato no vale, y por qué."""

    campo: str = Field(examples=["cantidad"])
    detalle: str = Field(examples=["Debe ser 1 o más."])


class ProblemaDeDatos(Problema):
    """Un error que nombra los datos que no valen."""

    errores: list[Falta] | None = None


# --- vehicles ----------------------------------------------------------------------------------------------------------


class VehiculoResumen(Schema):
    """Un vehículo en una lista: todo menos su texto y su equipamiento."""

    bastidor: str = Field(examples=["WVWZZZCDZMW123456"])
    matricula: str = Field(examples=["1234LKJ"])
    marca: str = Field(examples=["Volkswagen"])
    modelo: str = Field(examples=["Golf"])
    version: str = Field(examples=["1.5 TSI 110 kW Life"])
    anio_matricula: int = Field(examples=[2021])
    fecha_matriculacion: date
    kilometros: int = Field(description="km", examples=[48210])
    combustible: str = Field(examples=["Gasolina"])
    transmision: str = Field(examples=["Manual"])
    tipo_vehiculo: str = Field(examples=["Compacto"])
    cilindrada: int | None = Field(description="cm³; null en los eléctricos", examples=[1498])
    potencia: int = Field(description="CV", examples=[150])
    puertas: int = Field(examples=[5])
    plazas: int = Field(examples=[5])
    color: str = Field(examples=["Gris"])
    etiqueta_dgt: str = Field(description="0, ECO, C, B, o vacía si no tiene", examples=["C"])
    precio_venta: Decimal = Field(description="Euros", examples=["19990.00"])
    precio_compra: Decimal | None = Field(description="Euros; null sin un token", examples=["18700.00"])
    precio_costo: Decimal | None = Field(description="Euros; null sin un token", examples=["18810.00"])
    provincia: str = Field(examples=["Madrid"])
    concesionario: str = Field(examples=["Autos Castellana"])
    fecha_recepcion: date
    dias_stock: int = Field(examples=[34])
    origen: str = Field(description="ia, cache, aleatorio o importado", examples=["ia"])
    modelo_ia: str = Field(description="El modelo que respondió, o vacío")
    campos_ia: list[str] = Field(description="Los campos que dio el modelo y se sostienen")
    verificado: bool = Field(description="Si la marca está en el catálogo")


class Vehiculo(VehiculoResumen):
    """Un vehículo entero."""

    descripcion: str
    equipamiento: list[str]


class PaginaDeVehiculos(Schema):
    """Una página del stock. `next` y `previous` son direcciones enteras desde la raíz, con los mismos filtros."""

    vehiculos: list[VehiculoResumen]
    total: int = Field(description="Cuántos cumplen los filtros; exacto hasta 10000", examples=[512])
    total_exacto: bool = Field(description="false: son más de `total`")
    next: str | None = Field(description="La página siguiente; null si no hay", examples=["/api/v1/vehiculos?cursor=…"])
    previous: str | None = Field(description="La página anterior; null si no hay")


# --- runs --------------------------------------------------------------------------------------------------------------

Budget = Annotated[int, Field(ge=0, le=MAX_INT, description="Llamadas que puede hacer como mucho")]
Lanes = Annotated[int, Field(ge=1, le=MAX_LANES, description="Llamadas a la vez")]


class Pedido(Schema):
    """Lo que se pide de una ejecución. Solo `cantidad` es obligatoria."""

    model_config = ConfigDict(strict=True, extra="forbid")

    cantidad: int = Field(ge=1, le=MAX_AMOUNT, description="Vehículos, exactamente", examples=[100])
    marca: str | None = Field(
        None,
        min_length=1,
        max_length=30,
        pattern=r"^[^\x00-\x1f\x7f]*$",
        description="Solo de esta marca",
        examples=["BMW"],
    )
    semilla: int | None = Field(
        None,
        ge=0,
        le=MAX_SEED,
        description="La misma semilla, fecha y catálogo dan los mismos datos locales",
        examples=[7],
    )
    usar_ia: bool = Field(True, description="false: datos locales, sin ningún modelo")
    usar_cache: bool = Field(False, description="Aprovecha respuestas anteriores antes de preguntar")
    perfil: Perfil = "adaptativo"
    presupuesto: Budget | None = None
    paralelo: Lanes | None = None
    al_agotar: AlAgotar = Field("local", description="Si se acaban llamadas o cupo: seguir en local, o pausar")
    reemplazar: bool = Field(False, description="El stock presente pasa al histórico al publicar")


class Cambios(Schema):
    """Lo que se quiere de otra forma al reanudar; lo que falta sigue como estaba."""

    model_config = ConfigDict(strict=True, extra="forbid")

    presupuesto: Budget | None = None
    paralelo: Lanes | None = None
    al_agotar: AlAgotar | None = None


class Ejecucion(Schema):
    """Una ejecución."""

    id: int = Field(examples=[12])
    estado: Estado
    cantidad: int = Field(examples=[100])
    marca: str = Field(description="Vacía: de todas")
    semilla: int
    usar_ia: bool
    usar_cache: bool
    perfil: Perfil
    presupuesto: int | None
    paralelo: int | None
    al_agotar: AlAgotar
    reemplazar: bool
    fecha: date = Field(description="Fecha de la que es el stock")
    creada: datetime
    publicada: datetime | None
    segundos: float = Field(description="Lo que lleva trabajado, o trabajó")
    motivo: str = Field(description="Por qué se interrumpió o dejó de usar IA")
    sigue_desde: datetime | None = Field(description="Cuándo vuelve a haber cupo, si está en pausa")


class PaginaDeEjecuciones(Schema):
    """Ejecuciones, de la última a la primera."""

    ejecuciones: list[Ejecucion]
    next: str | None = Field(description="Las anteriores; null si no hay más")


class LlamadasPorModelo(Schema):
    """Lo que dieron de sí las llamadas a un modelo."""

    modelo: str
    llamadas: int
    sin_fruto: int = Field(description="Llamadas que no dieron ningún vehículo")
    vehiculos: int
    reparados: int = Field(description="De esos, con algún campo cambiado")
    rechazados: int
    por_llamada: float
    tokens: int
    latencia_p50: float | None = Field(description="Segundos")
    latencia_p95: float | None = Field(description="Segundos")
    resultados: dict[str, int] = Field(
        description="Llamadas por resultado", examples=[{"ok": 9, "limite_por_minuto": 1}]
    )


class EjecucionConCifras(Ejecucion):
    """Una ejecución con lo que lleva hecho."""

    hechos: int = Field(description="Vehículos hechos hasta ahora")
    por_origen: dict[str, int] = Field(
        description="Vehículos hechos por origen", examples=[{"ia": 90, "aleatorio": 10}]
    )
    llamadas: int
    coste: float = Field(description="Lo que dijeron los proveedores, en su moneda")
    modelos: list[LlamadasPorModelo]


# --- models, quotas ----------------------------------------------------------------------------------------------------


class Modelo(Schema):
    """Un modelo en una cuenta, por lo que se recuerda de él. No se le pregunta nada."""

    orden: int | None = Field(description="Su lugar en la cadena de hoy; null si no está")
    cuenta: str
    modelo: str
    estado: Literal["vivo", "falla", "enfriando", "retirado", "sin_probar", "no_listado"]
    hasta: str | None = Field(description="Fin de su descanso, ISO 8601")
    exito_pct: float | None
    vehiculos_por_peticion: float | None
    segundos: float | None = Field(description="Latencia media")
    ultimo_error: str
    desde: str | None = Field(description="Cuándo se le preguntó por última vez, ISO 8601")


class Modelos(Schema):
    """Los modelos de todas las cuentas, en el orden en que se preguntan."""

    modelos: list[Modelo]
    avisos: list[str]


class Cuota(Schema):
    """Cómo está una cuenta, por lo anotado aquí."""

    cuenta: str
    base: str
    limites: list[str] = Field(description="Como en FLOTIA_PROVEEDORES; * es de cada modelo", examples=[["50/día"]])
    usadas_hoy: int
    quedan: int | None = Field(description="null: no se conoce ningún límite diario")
    se_repone: str | None = Field(description="ISO 8601")
    cerrada_hasta: str | None = Field(description="Fin de una negativa de un minuto, ISO 8601")
    agotada_hasta: str | None = Field(description="Fin de una negativa de un día, ISO 8601")
    consultado_al_proveedor: bool


class Cuotas(Schema):
    """Las cuentas, en el orden en que se preguntan."""

    cuentas: list[Cuota]
    avisos: list[str]


# --- quality -----------------------------------------------------------------------------------------------------------


class Calidad(Schema):
    """El informe de calidad; sus secciones son las del documento de `informe_calidad --json`."""

    fuente: str
    fecha: date
    vehiculos: int = Field(description="Los que se han medido", examples=[2000])
    en_stock: int = Field(description="Los que había en el stock", examples=[100000])
    medido: datetime
    tardo: float = Field(description="Segundos que costó medirlo")
    columnas_que_faltan: list[str]
    nota: float = Field(description="De 0 a 100", examples=[97.5])
    notas: dict[str, float | None] = Field(description="De 0 a 100 por sección; null si no se puede saber")
    hallazgos: list[str] = Field(description="Lo que más importa, en frases")
    coherencia: dict[str, Any]
    unicidad: dict[str, Any]
    diversidad: dict[str, Any]
    realismo: list[dict[str, Any]]
    procedencia: dict[str, Any]
    curvas: dict[str, Any]
