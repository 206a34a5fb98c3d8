"""The list of metrics: what of a stock is set beside the market's figures, and which portals bound each."""

from __future__ import annotations

from flotia.quality.yardstick import PROFESSIONALS, RECENT, Kind, Spec

#: Enough rows for the share of the most frequent 50 or 100 models to mean something.
_MANY = 2000
#: Repetitions grow with the size of a stock: they are counted in a sample as large as the reference.
REPETITION_SAMPLE = 10_262

_MIX, _AGE, _PRICE = "Marcas y modelos", "Edad y kilómetros", "Precio"
_TECH, _LOOK, _TIES, _ROUND = "Motor y cambio", "Color, lugar y fecha", "Correlaciones", "Redondeos y repeticiones"
_PAIRS = {
    "precio_edad": "precio y edad",
    "precio_km": "precio y km",
    "precio_potencia": "precio y potencia",
    "edad_km": "edad y km",
}

# as2026 took a fixed number of ads of each brand: it bounds no mix of brands or models. It has no usable gearbox either.
# Prices and the mix of fuels of 2020 are another time's: only as2026 bounds those.
SPECS: tuple[Spec, ...] = (
    Spec("marcas", _MIX, "Reparto de marcas", Kind.SHARES, PROFESSIONALS),
    Spec("concentracion_marcas", _MIX, "Concentración de marcas (HHI)", Kind.RATIO, PROFESSIONALS, "hhi"),
    Spec("concentracion_marcas", _MIX, "Cuota de las 5 primeras marcas", Kind.SHARE, PROFESSIONALS, "top5"),
    Spec("concentracion_marcas", _MIX, "Cuota de las 10 primeras marcas", Kind.SHARE, PROFESSIONALS, "top10"),
    Spec("modelos_en_marca", _MIX, "Modelos dentro de cada marca", Kind.SHARES_BY, PROFESSIONALS),
    Spec("concentracion_modelos", _MIX, "Concentración de modelos (HHI)", Kind.RATIO, PROFESSIONALS, "hhi"),
    Spec("concentracion_modelos", _MIX, "Cuota de los 10 primeros modelos", Kind.SHARE, PROFESSIONALS, "top10", _MANY),
    Spec("concentracion_modelos", _MIX, "Cuota de los 50 primeros modelos", Kind.SHARE, PROFESSIONALS, "top50", _MANY),
    Spec(
        "concentracion_modelos", _MIX, "Cuota de los 100 primeros modelos", Kind.SHARE, PROFESSIONALS, "top100", _MANY
    ),
    Spec("segmentos", _MIX, "Reparto de segmentos", Kind.SHARES),
    Spec("edades", _AGE, "Reparto de edades", Kind.SHARES),
    Spec("km_por_edad", _AGE, "Cuantiles de km por edad", Kind.KILOMETRES_BY),
    Spec("km_anio", _AGE, "Km al año, mediana", Kind.RATIO, part="mediana"),
    Spec("km_anio", _AGE, "Km al año, dispersión (log)", Kind.NUMBER, part="log_sd"),
    Spec("km_anio", _AGE, "Km al año, percentil 5", Kind.RATIO, part="p05"),
    Spec("km_anio", _AGE, "Km al año, percentil 95", Kind.RATIO, part="p95"),
    Spec("km_anio_combustible", _AGE, "Km al año por combustible", Kind.RATIOS_BY),
    Spec("km_anio_combustible_log_sd", _AGE, "Dispersión de km al año por combustible", Kind.NUMBERS_BY),
    Spec("km_hasta_100", _AGE, "Coches de hasta 100 km", Kind.SHARE),
    Spec("km_hasta_100_nuevos", _AGE, "De ellos, entre los de 0 y 1 años", Kind.SHARE),
    Spec("precio", _PRICE, "Cuantiles de precio", Kind.RATIOS_BY, RECENT),
    Spec("precio_por_edad", _PRICE, "Precio mediano por edad", Kind.RATIOS_BY, RECENT),
    Spec("indice_precio", _PRICE, "Precio por edad dentro del modelo (edad 0 = 1)", Kind.NUMBERS_BY),
    Spec("retencion", _PRICE, "Precio entre precio de nuevo, por edad", Kind.NUMBERS_BY, ()),
    Spec("sd_log_precio", _PRICE, "Dispersión del precio en modelo y año (log)", Kind.NUMBER),
    Spec("sd_log_residual", _PRICE, "Dispersión que queda con km, potencia, combustible y cambio", Kind.NUMBER),
    Spec("efecto_km_bruto", _PRICE, "Efecto de 10.000 km en el precio", Kind.NUMBER),
    Spec("efecto_km", _PRICE, "Efecto de 10.000 km, con controles", Kind.NUMBER),
    Spec("elasticidad_potencia", _PRICE, "Elasticidad del precio a la potencia", Kind.NUMBER),
    Spec("combustible", _TECH, "Reparto de combustibles", Kind.SHARES, RECENT),
    Spec("combustible_por_anio", _TECH, "Combustibles por año de matriculación", Kind.SHARES_BY),
    Spec("automatico", _TECH, "Automáticos", Kind.SHARE, PROFESSIONALS),
    Spec("automatico_por_anio", _TECH, "Automáticos por año de matriculación", Kind.SHARES_EACH, PROFESSIONALS),
    Spec("automatico_por_segmento", _TECH, "Automáticos por segmento", Kind.SHARES_EACH, PROFESSIONALS),
    Spec("automatico_por_combustible", _TECH, "Automáticos por combustible", Kind.SHARES_EACH, PROFESSIONALS),
    Spec("automatico_por_potencia", _TECH, "Automáticos por potencia", Kind.SHARES_EACH, PROFESSIONALS),
    Spec("automatico_por_marca", _TECH, "Automáticos por marca", Kind.SHARES_EACH, ()),
    Spec("potencia", _TECH, "Cuantiles de potencia", Kind.RATIOS_BY),
    Spec("potencia_por_marca", _TECH, "Cuantiles de potencia por marca", Kind.RATIOS_BY),
    Spec("puertas", _TECH, "Reparto de puertas", Kind.SHARES, PROFESSIONALS),
    Spec("etiquetas", _TECH, "Etiquetas de la DGT", Kind.SHARES, ()),
    Spec("etiquetas_por_combustible", _TECH, "Etiquetas de la DGT por combustible", Kind.SHARES_BY, ()),
    Spec("colores", _LOOK, "Reparto de colores (matriculados desde 2015)", Kind.SHARES, (), against="dm2020"),
    Spec("provincias", _LOOK, "Reparto de provincias", Kind.SHARES, PROFESSIONALS),
    Spec("mes", _LOOK, "Mes de matriculación", Kind.SHARES, RECENT),
    *(Spec("spearman", _TIES, f"Spearman: {text}", Kind.NUMBER, part=part) for part, text in _PAIRS.items()),
    *(
        Spec("spearman_en_modelo", _TIES, f"Spearman en cada modelo: {text}", Kind.NUMBER, part=part)
        for part, text in _PAIRS.items()
    ),
    *(
        Spec("spearman_en_modelo_anio", _TIES, f"Spearman en modelo y año: {_PAIRS[part]}", Kind.NUMBER, part=part)
        for part in ("precio_km", "precio_potencia")
    ),
    Spec("redondeo_precio", _ROUND, "Precios redondos", Kind.SHARES_EACH),
    Spec("finales_precio", _ROUND, "Tres últimas cifras del precio", Kind.SHARES),
    Spec("finales_precio_por_banda", _ROUND, "Últimas cifras por banda de precio", Kind.SHARES_BY, PROFESSIONALS),
    Spec("redondeo_km", _ROUND, "Kilómetros redondos", Kind.SHARES_EACH),
    *(
        Spec("repetidos", _ROUND, f"Repetidos: {text}", Kind.SHARE, part=part, least=REPETITION_SAMPLE // 2)
        for part, text in {
            "misma_marca_modelo_anio_km_precio": "modelo, año, km y precio",
            "misma_marca_modelo_anio_precio": "modelo, año y precio",
            "mismo_km_gt1000": "mismos km (más de 1.000)",
        }.items()
    ),
)
