# The towns of places.csv, from two files of GeoNames: the README here says how to get them.
#     awk -f towns.awk admin1CodesASCII.txt cities1000.txt | sort -t, -k1,1r -k3,3
BEGIN {
    FS = "\t"; OFS = ","
    # Names of regions as KTDA and the states write them today.
    region["KE.05"] = "Nairobi"; region["KE.14"] = "Elgeyo-Marakwet"; region["KE.38"] = "Murang'a"
    region["KE.47"] = "Taita-Taveta"; region["KE.49"] = "Tharaka-Nithi"
    region["IN.06"] = region["IN.32"] = "Dadra and Nagar Haveli and Daman and Diu"
}
NR == FNR { if (!($1 in region)) region[$1] = $2; next }
$9 == "KE" || $9 == "IN" {
    # Column 17 is the height of a terrain model at the point. -9999 is none; one town of 1,600 m stands at 3,681.
    altitude_m = $17 > -430 && $17 <= 3500 ? $17 : ""
    sub(/,.*/, "", $2)
    print $9, "town", $2, region[$9 "." $11], $5, $6, altitude_m, "true", "", "GeoNames " $1
}
