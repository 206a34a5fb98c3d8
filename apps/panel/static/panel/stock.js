// On a phone the filters begin folded, so that vehicles are what is seen first.
if (matchMedia("(max-width: 959px)").matches) document.getElementById("filtros-plegables").open = false;
